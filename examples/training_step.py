"""One training step of a small classifier, compiled. Look inside: `tapeout inspect examples/training_step.py:step`."""

import tapeout as torch
import tapeout.nn as nn
import tapeout.optim as optim

torch.manual_seed(0)


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 128)
        self.fc2 = nn.Linear(128, 10)

    def forward(self, x):
        return self.fc2(torch.relu(self.fc1(x)))


model = Classifier()
criterion = nn.CrossEntropyLoss()
optimizer = optim.Adam(model.parameters(), lr=1e-3)


@torch.compile
def step(x, y):
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
    return loss


step.compile(torch.spec((64, 784)), torch.spec((64,), torch.int64))
