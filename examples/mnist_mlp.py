"""Classify MNIST. Written for PyTorch and torchvision: run it with `tapeout run examples/mnist_mlp.py [folder]`.

The images are expected in (or downloaded to) the folder `downloads`, in torchvision's layout.
"""

import sys

import torch
import torch.nn as nn
import torch.nn.functional as F
import torchvision
import torchvision.transforms as transforms

FOLDER = sys.argv[1] if len(sys.argv) > 1 else "downloads"
EPOCHS = 2

prepare = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])
train_set = torchvision.datasets.MNIST(root=FOLDER, train=True, download=True, transform=prepare)
test_set = torchvision.datasets.MNIST(root=FOLDER, train=False, download=True, transform=prepare)
train_loader = torch.utils.data.DataLoader(train_set, batch_size=64, shuffle=True)
test_loader = torch.utils.data.DataLoader(test_set, batch_size=256, shuffle=False)


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(28 * 28, 100)
        self.drop = nn.Dropout(0.1)
        self.fc2 = nn.Linear(100, 10)

    def forward(self, x):
        x = x.view(-1, 28 * 28)
        x = self.drop(F.relu(self.fc1(x)))
        return F.log_softmax(self.fc2(x), dim=1)


device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
model = Classifier().to(device)
optimizer = torch.optim.Adam(model.parameters(), lr=0.001)

for epoch in range(EPOCHS):
    model.train()
    running = 0.0
    for images, labels in train_loader:
        images, labels = images.to(device), labels.to(device)
        optimizer.zero_grad()
        loss = F.nll_loss(model(images), labels)
        loss.backward()
        optimizer.step()
        running += loss.item()
    print(f"epoch {epoch + 1}: mean loss {running / len(train_loader):.3f}")

model.eval()
correct, total = 0, 0
with torch.no_grad():
    for images, labels in test_loader:
        _, predicted = torch.max(model(images.to(device)).data, 1)
        total += labels.size(0)
        correct += (predicted == labels.to(device)).sum().item()
print(f"accuracy on {total} test images: {100 * correct / total:.1f} %")
