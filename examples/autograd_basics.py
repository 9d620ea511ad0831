"""Tensors and gradients. Written for PyTorch: run it with `tapeout run examples/autograd_basics.py`."""

import torch

matrix = torch.tensor([[3, 1, 4], [1, 5, 9]])
print(matrix)
print(matrix.shape, matrix.dtype)
print(matrix[1, 2], matrix[:, 0], matrix.sum(dim=1))

a, b = torch.tensor([2.0, 7.0, 1.0]), torch.tensor([8.0, 2.0, 8.0])
print(a + b, a * b, a @ b)
print(torch.stack([a, b]).mean(dim=0))

x = torch.tensor(3.0, requires_grad=True)
y = x**3 - 4 * x + 5
print(y)
y.backward()
print(x.grad)

weights = torch.tensor([[0.5, -1.0], [2.0, 0.25]], requires_grad=True)
inputs = torch.tensor([1.0, 2.0])
output = torch.tanh(weights @ inputs)
print(output)
output.sum().backward()
print(weights.grad)

with torch.no_grad():
    weights -= 0.1 * weights.grad
print(weights)
print(weights.detach().numpy().round(3))
