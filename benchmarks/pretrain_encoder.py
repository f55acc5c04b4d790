"""Train the encoder that the package ships, on synthesized taps alone.

    python benchmarks/pretrain_encoder.py FOLDER
    python benchmarks/pretrain_encoder.py FOLDER --write

synthesizes the taps into FOLDER, trains on them, and goes on where an earlier run was
broken off; a GPU is used if ``--device cuda`` says so. With ``--write`` the weights go
into the package, with their card.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from measuring import find_origin
from pretraining_crops import CropSettings, make_crops, vary_settings
from pretraining_taps import Taps, synthesize
from pretraining_tasks import (
    PretrainingNetwork,
    Weights,
    distance_loss,
    list_physics,
)
from sklearn.metrics import roc_auc_score
from torch import nn

from tapsklearn.networks import write_encoder_weights

CHANNELS = (16, 24, 48, 96)
PACKAGED = Path(__file__).parents[1] / "tapsklearn" / "networks" / "encoder.npz"
# Products of a batch, and of how many one is held out.
PRODUCTS, HELD_OUT = 6, 15
KEPT_EACH = 250
STEPS, N_PRODUCTS = 4000, 1920
LR, WEIGHT_DECAY = 4e-3, 1e-3
# What the card says beside numbers.
DATA = (
    "Taps that tapsklearn.synthesis has synthesized, of its seed domain 'pretraining', "
    "no plate of which is in any other data set; no recording."
)
TRAINING = (
    "Three tasks: whether a specimen is defective, what plate, stick and room are, and "
    "that intact specimens of a product are nearer to each other than to defective "
    "ones. Crops have the settings that TapFeatures finds, varied; rooms, noise, "
    "microphones and the onset vary too."
)
LIMITS = (
    "Figures on synthesized taps are of the simulator that it was trained on. Its "
    "answer whether a piece is defective holds for wooden boards like the synthesized "
    "ones, and says little of anything else. It was trained on plates and beams with a "
    "crack, a cut, a hole or a delamination, and on half a second after the onset."
)


class Training:
    """The state of a training: network, optimizer, rate and what was reached."""

    def __init__(self, taps: Taps, arguments: argparse.Namespace) -> None:
        self.taps, self.arguments = taps, arguments
        frame = taps.frame
        self.weights = Weights(*arguments.weights)
        self.physics = list_physics(frame)
        self.is_intact = (frame["condition"] == "normal").to_numpy()
        self.specimens = frame["specimen"].factorize()[0]
        place = frame["end"].factorize()[0]
        product = frame["product"].to_numpy()
        self.rows = {}
        for each in taps.settings:
            own = np.flatnonzero(product == each)
            self.rows[each] = [own[place[own] == one] for one in np.unique(place[own])]
        products = np.array(sorted(taps.settings))
        self.held_out = products[::HELD_OUT]
        self.trained_on = np.setdiff1d(products, self.held_out)
        torch.manual_seed(arguments.seed)
        network = PretrainingNetwork(
            tuple(arguments.channels), self.physics.shape[1]
        ).to(arguments.device)
        self.network = network.to(memory_format=torch.channels_last)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=LR, weight_decay=WEIGHT_DECAY
        )
        self.rate = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer, LR, total_steps=arguments.steps
        )
        self.step = 0
        self.log: list[dict[str, float]] = []

    def sample(
        self, products: np.ndarray, rng: np.random.Generator, *, is_plain: bool = False
    ) -> dict[str, Any]:
        """Sample a batch: products whose crops look alike, all takes of one place."""
        settings = self.taps.settings
        leader = int(rng.choice(products))
        others = [each for each in products if each != leader]
        for n_same in (2, 1, 0):
            alike = [
                each
                for each in others
                if settings[each][:n_same] == settings[leader][:n_same]
            ]
            if len(alike) >= PRODUCTS - 1:
                break
        n_others = min(PRODUCTS - 1, len(alike))
        chosen = [leader, *rng.choice(alike, n_others, replace=False).tolist()]
        rows = [self.rows[each][rng.integers(len(self.rows[each]))] for each in chosen]
        of_product = np.repeat(np.arange(len(rows)), [len(each) for each in rows])
        numbers = np.concatenate(rows)
        how = (
            CropSettings(*settings[leader], pre_frames=2, per="take")
            if is_plain
            else vary_settings(settings[leader], rng)
        )
        device = self.arguments.device
        crops = make_crops(
            self.taps.waveforms[numbers],
            how,
            products=of_product,
            is_reference=self.is_intact[numbers],
            rng=rng,
            device=device,
        )
        return {
            "crops": crops,
            "products": torch.from_numpy(of_product).to(device),
            "specimens": torch.from_numpy(self.specimens[numbers]).to(device),
            "is_intact": torch.from_numpy(self.is_intact[numbers]).to(device),
            "physics": torch.from_numpy(self.physics[numbers]).to(device),
        }

    def compute_losses(self, batch: dict[str, Any]) -> tuple[dict[str, Any], Any]:
        """Compute the loss of each task, and the scores of the condition."""
        device = torch.device(self.arguments.device).type
        low = self.arguments.precision == "bfloat16"
        with torch.autocast(device, dtype=torch.bfloat16, enabled=low):
            answers, features = self.network(batch["crops"])
        answers = answers.float()
        losses = {
            "condition": nn.functional.binary_cross_entropy_with_logits(
                answers[:, 0], (~batch["is_intact"]).float()
            ),
            "physics": nn.functional.mse_loss(answers[:, 1:], batch["physics"]),
            "distance": distance_loss(
                features.float(),
                products=batch["products"],
                specimens=batch["specimens"],
                is_intact=batch["is_intact"],
            ),
        }
        return losses, answers[:, 0]

    def train_step(self) -> dict[str, float]:
        """Train on a batch, which depends on the seed and the number of the step."""
        self.network.train()
        rng = np.random.default_rng([self.arguments.seed, self.step])
        torch.manual_seed(int(rng.integers(2**31)))
        losses, _ = self.compute_losses(self.sample(self.trained_on, rng))
        total = sum(getattr(self.weights, task) * loss for task, loss in losses.items())
        self.optimizer.zero_grad()
        total.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        self.rate.step()
        self.step += 1
        return {task: loss.item() for task, loss in losses.items()}

    @torch.inference_mode()
    def evaluate(self, n_batches: int = 20) -> dict[str, float]:
        """Evaluate on products that are held out, of the same taps each time."""
        self.network.eval()
        found: list[dict[str, float]] = []
        scores, labels = [], []
        for number in range(n_batches):
            rng = np.random.default_rng([self.arguments.seed, number, 1])
            batch = self.sample(self.held_out, rng, is_plain=True)
            losses, score = self.compute_losses(batch)
            found.append({task: loss.item() for task, loss in losses.items()})
            scores.append(score.cpu().numpy())
            labels.append(~batch["is_intact"].cpu().numpy())
        means = {f"held_out_{k}": v for k, v in average(found).items()}
        auroc = roc_auc_score(np.concatenate(labels), np.concatenate(scores))
        return {**means, "held_out_auroc": float(auroc)}

    def keep(self, path: Path) -> None:
        """Keep all that a further run needs; the file is whole at all times."""
        state = {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "rate": self.rate.state_dict(),
            "step": self.step,
            "log": self.log,
        }
        unfinished = path.with_suffix(".unfinished")
        torch.save(state, unfinished)
        unfinished.replace(path)

    def restore(self, path: Path) -> None:
        """Go on from what was kept."""
        state = torch.load(path, map_location=self.arguments.device, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.rate.load_state_dict(state["rate"])
        self.step, self.log = state["step"], state["log"]


def average(rows: list[dict[str, float]]) -> dict[str, float]:
    """Average each of the numbers."""
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def train(training: Training, path: Path) -> None:
    """Train to the end, from where an earlier run was broken off."""
    if path.exists():
        training.restore(path)
    started, sums = time.perf_counter(), []
    while training.step < training.arguments.steps:
        sums.append(training.train_step())
        if training.step % KEPT_EACH and training.step < training.arguments.steps:
            continue
        means = average(sums)
        minutes = (time.perf_counter() - started) / 60
        training.log.append({"step": training.step, **means, **training.evaluate()})
        training.keep(path)
        reached = {name: round(value, 3) for name, value in training.log[-1].items()}
        print(reached, f"{minutes:.1f} min", flush=True)
        sums = []


def parse(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse arguments; if None, those of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where taps and states are kept")
    parser.add_argument("--name", default="encoder", help="of the state in the folder")
    parser.add_argument("--products", type=int, default=N_PRODUCTS)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--channels", type=int, nargs="+", default=list(CHANNELS))
    parser.add_argument(
        "--weights",
        type=float,
        nargs=3,
        default=list(vars(Weights()).values()),
        metavar=("CONDITION", "PHYSICS", "DISTANCE"),
        help="how much each task counts",
    )
    parser.add_argument(
        "--without",
        nargs="+",
        default=[],
        help="classes of materials and scenarios to leave out",
    )
    parser.add_argument("--device", default="cpu")
    parser.add_argument(
        "--precision", choices=["float32", "bfloat16"], default="float32"
    )
    parser.add_argument("--jobs", type=int, default=1, help="that synthesize")
    parser.add_argument(
        "--write", action="store_true", help="write the weights into the package"
    )
    return parser.parse_args(words)


def main() -> None:
    arguments = parse()
    training = run(arguments)
    if arguments.write:
        save(training, PACKAGED)


def run(arguments: argparse.Namespace) -> Training:
    """Synthesize what is missing, and train to the end."""
    training = prepare(arguments)
    train(training, arguments.folder / f"{arguments.name}.pt")
    return training


def prepare(arguments: argparse.Namespace) -> Training:
    """Synthesize what is missing, and set up a training."""
    torch.set_num_threads(1)
    taps = synthesize(
        arguments.folder / "taps", arguments.products, n_jobs=arguments.jobs
    )
    return Training(leave_out(taps, arguments.without), arguments)


def leave_out(taps: Taps, without: Sequence[str]) -> Taps:
    """Leave out the products of some classes of materials, or of some scenarios."""
    is_left = taps.frame[["material_class", "scenario"]].isin(without).any(axis=1)
    products = set(taps.frame["product"][is_left])
    settings = {k: v for k, v in taps.settings.items() if k not in products}
    return replace(taps, settings=settings)


def save(training: Training, path: Path) -> None:
    """Save the weights of the encoder, and their card."""
    arguments = training.arguments
    frame = training.taps.frame
    card = {
        "data": DATA,
        "training": TRAINING,
        "limits": LIMITS,
        "ablations": "benchmarks/results/encoder_ablations.md",
        "command": describe_command(arguments),
        "products": arguments.products,
        "takes": len(frame),
        "scenarios": sorted(set(frame["scenario"]) - set(arguments.without)),
        "materials": sorted(set(frame["material_class"]) - set(arguments.without)),
        "steps": arguments.steps,
        "channels": list(arguments.channels),
        "tasks": vars(training.weights),
        "reached": {name: round(v, 4) for name, v in training.evaluate().items()},
        "versions": find_origin()["versions"],
    }
    weights = training.network.shipped_weights()
    checksum = write_encoder_weights(path, weights, card)
    print(f"-> {path} ({path.stat().st_size / 1e6:.2f} MB), sha256 {checksum}")


def describe_command(arguments: argparse.Namespace) -> str:
    """Return the command that trains these weights again."""
    words = ["python benchmarks/pretrain_encoder.py FOLDER"]
    for name, default in (
        ("products", N_PRODUCTS),
        ("steps", STEPS),
        ("seed", 0),
        ("channels", list(CHANNELS)),
        ("weights", list(vars(Weights()).values())),
        ("without", []),
        ("precision", "float32"),
    ):
        value = getattr(arguments, name)
        if value != default:
            values = value if isinstance(value, list) else [value]
            words.append(f"--{name} {' '.join(map(str, values))}")
    return " ".join(words)


if __name__ == "__main__":
    main()
