"""The head: a few convolutions from an encoder's features to curves, kept as safetensors beside a TOML."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ... import strict_toml
from ...atomic import replacing, write_text
from ...errors import BadInput
from ...spec import Name

CONFIG, WEIGHTS = "head.toml", "head.safetensors"


class HeadConfig(BaseModel):
    """What head.toml says.

    Attributes
    ----------
    encoder
        The encoder's folder, relative to the head's.
    layer
        Which of its layers is heard; -1 the last.
    width
        Features that the encoder gives.
    controls
        What the head answers.
    channels, kernel
        Of its two hidden convolutions.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    encoder: str
    layer: Annotated[int, Field(ge=-1)] = -1
    width: Annotated[int, Field(gt=0)]
    controls: Annotated[tuple[Name, ...], Field(min_length=1, strict=False)]
    channels: Annotated[int, Field(gt=0, le=4096)] = 256
    kernel: Literal[1, 3, 5, 7, 9, 11] = 5

    def network(self) -> Any:
        """An untrained torch.nn.Module: float32 [batch, width, frames] -> [batch, controls, frames], linear."""
        from torch import nn

        padding = self.kernel // 2
        return nn.Sequential(
            nn.BatchNorm1d(self.width),
            nn.Conv1d(self.width, self.channels, self.kernel, padding=padding),
            nn.GELU(),
            nn.Conv1d(self.channels, self.channels, self.kernel, padding=padding),
            nn.GELU(),
            nn.Conv1d(self.channels, len(self.controls), 1),
        )


def save(folder: Path, config: HeadConfig, network: Any) -> None:
    """Write head.safetensors and head.toml, each whole or not at all."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / WEIGHTS) as path:
        save_file({name: value.contiguous() for name, value in network.state_dict().items()}, path)
    write_text(
        folder / CONFIG,
        f"encoder = {strict_toml.quoted(config.encoder)}\nlayer = {config.layer}\nwidth = {config.width}\n"
        f"channels = {config.channels}\nkernel = {config.kernel}\ncontrols = {strict_toml.listed(config.controls)}\n",
    )


def load(folder: Path) -> tuple[HeadConfig, Any]:
    """The head in `folder`, ready to answer.

    Raises
    ------
    BadInput
        One of the two files is missing or damaged, or they do not fit each other.
    """
    config = _config(folder / CONFIG)
    network = config.network().eval().requires_grad_(False)
    weights = folder / WEIGHTS
    if not weights.is_file():
        raise BadInput(weights, "is missing", "train a head with facelite.teachers.hubert.train.train_head")
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        network.load_state_dict(load_file(weights))
    except (SafetensorError, RuntimeError) as error:
        problem = " ".join(str(error).split())[:200]
        raise BadInput(weights, f"does not fit {CONFIG}: {problem}", "train the head again") from None
    return config, network


def _config(path: Path) -> HeadConfig:
    return strict_toml.read(path, HeadConfig, "train a head with facelite.teachers.hubert.train.train_head")
