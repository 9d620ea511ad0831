"""Fit a small network to noisy data. Written for PyTorch: run it with `tapeout run examples/regression.py`."""

import torch
import torch.nn as nn
import torch.optim as optim

torch.manual_seed(4)
inputs = torch.linspace(-2, 2, 90).unsqueeze(1)
targets = torch.sin(2 * inputs) + 0.1 * torch.randn(90, 1)


class Curve(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.inner = nn.Linear(1, hidden)
        self.act = nn.Tanh()
        self.outer = nn.Linear(hidden, 1)

    def forward(self, x):
        return self.outer(self.act(self.inner(x)))


model = Curve(hidden=16)
print(model)
print(sum(p.numel() for p in model.parameters()), "parameters")

criterion = nn.MSELoss()
optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=100, gamma=0.5)

for epoch in range(300):
    prediction = model(inputs)
    loss = criterion(prediction, targets)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
    if epoch % 60 == 59:
        print(f"epoch {epoch + 1}: loss {loss.item():.4f}, lr {scheduler.get_last_lr()[0]:.3f}")

model.eval()
with torch.no_grad():
    print("at 0.5:", round(model(torch.tensor([[0.5]])).item(), 2))
