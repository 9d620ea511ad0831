"""Train the seed network, a two-layer perceptron, on real handwritten digits.

Nothing is downloaded: the digits (UCI, 1,797 images of 8×8 pixels) come with the package.
"""

import time

import tapeout as torch
import tapeout.nn as nn
import tapeout.optim as optim
from tapeout.data import DataLoader, Digits

EPOCHS = 20

torch.manual_seed(0)
train, test = Digits(train=True), Digits(train=False)
train_loader = DataLoader(train, batch_size=64, shuffle=True)
test_loader = DataLoader(test, batch_size=len(test))

model = nn.Sequential(nn.Flatten(), nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))
criterion = nn.CrossEntropyLoss()
optimizer = optim.Adam(model.parameters(), lr=1e-3)


def accuracy() -> float:
    model.eval()
    with torch.no_grad():
        images, labels = next(iter(test_loader))
        correct = (model(images).argmax(1) == labels).sum().item()
    model.train()
    return correct / len(test)


print(f"{len(train)} images to learn from, {len(test)} to test on")
for epoch in range(1, EPOCHS + 1):
    start, total = time.perf_counter(), 0.0
    for images, labels in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(images), labels)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(labels)
    seconds = time.perf_counter() - start
    print(f"epoch {epoch:2d}/{EPOCHS}  loss {total / len(train):.4f}  {seconds:.2f} s")

print(f"test accuracy {accuracy():.2%}")
