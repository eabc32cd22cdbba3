"""How the recommender learns."""

from typing import Literal

from pydantic import Field, model_validator

from recsys.config.base import LocalPath, Section

# Where the config leaves the epochs open: enough for a million events, and enough steps for a few thousand.
EPOCHS, LEAST_STEPS, MOST_EPOCHS = 20, 1500, 100
GBCE_CALIBRATION = 0.75


class NegativesConfig(Section):
    """Items that a batch is told apart from, shared by all its targets; one mixture of three draws."""

    uniform: int = Field(1000, ge=0, description="drawn from the catalog")
    popularity: int = Field(0, ge=0, description="drawn by how often an item occurs in training")
    in_batch: int = Field(0, ge=0, description="drawn from the batch's own targets")
    correct: bool = Field(True, description="sampled_softmax: subtract the log of each one's expected count (log Q)")
    exclude_seen: bool = Field(True, description="leave out, for each user, the items that are their targets")

    @property
    def total(self) -> int:
        return self.uniform + self.popularity + self.in_batch


class AugmentationConfig(Section):
    """What an epoch changes in the histories it trains on, anew each time."""

    crop: float = Field(0.0, ge=0, le=1, description="share of histories cut to a random run of their events")
    mask: float = Field(0.0, ge=0, lt=1, description="share of events that are read as blank; they stay targets")
    reorder: float = Field(0.0, ge=0, le=1, description="share of histories with a fifth of their events shuffled")
    prefix: float = Field(
        0.0, ge=0, le=1, description="share of histories cut at a random event, which is their only target"
    )
    repeat: float = Field(0.0, ge=0, le=1, description="share of histories repeated until they fill model.max_length")


class TrainingConfig(Section):
    """Loss, optimizer, schedule and stopping."""

    seed: int = Field(1, ge=0, lt=2**31, description="of first weights, order of users, negatives and dropout")
    loss: Literal["softmax", "sampled_softmax", "bce", "gbce"] = Field(
        "sampled_softmax", description="softmax is over the whole catalog, the others are over negatives"
    )
    gbce_calibration: float = Field(GBCE_CALIBRATION, ge=0, le=1, description="gBCE's t: 0 is BCE, 1 undoes sampling")
    negatives: NegativesConfig = NegativesConfig()
    temperature: float = Field(1.0, gt=0, description="divides the logits inside the loss; ranking does not change")
    label_smoothing: float = Field(
        0.0, ge=0, lt=1, description="share of a target's probability spread over what it is told apart from"
    )
    events: Literal["newest", "all"] = Field(
        "all", description="of a history longer than model.max_length, what trains; all goes window by window"
    )
    augmentation: AugmentationConfig = AugmentationConfig()
    epochs: int | None = Field(
        None,
        ge=1,
        description="passes over all histories, at most; null is 20 or, on little data, 1,500 steps, up to 100",
    )
    patience: int = Field(20, ge=1, description="validations without a better NDCG@10 before training stops")
    validate_every: int = Field(2, ge=1, description="epochs between validations")
    batch_size: int = Field(64, ge=1, description="histories, or windows of them, a step")
    learning_rate: float = Field(1e-3, gt=0, description="Adam's, after the warm-up")
    beta_2: float = Field(0.98, gt=0, lt=1, description="Adam's decay of the mean squared gradient")
    warmup_steps: int = Field(100, ge=0, description="steps over which the learning rate grows from 0")
    schedule: Literal["constant", "cosine"] = Field(
        "cosine", description="learning rate after the warm-up; a cosine falls to a hundredth at the last epoch"
    )
    cycles: int = Field(1, ge=1, description="times that the cosine falls, from the full learning rate each time")
    ema_momentum: float = Field(
        0.0, ge=0, lt=1, description="of a moving average of the weights, which is validated and kept; 0 is off"
    )
    weight_decay: float = Field(0.0, ge=0, description="decoupled, times the learning rate, of matrices alone")
    cold_cost: float = Field(
        0.01,
        ge=0,
        lt=1,
        description="how much of validation's NDCG@10, as a share, known items may lose so that items without events "
        "rank higher; 0 turns it off; not used where validation has such items as targets, which then choose",
    )
    refit: bool = Field(False, description="train again with the validation events, as long as validation chose")
    warm_start: LocalPath | None = Field(
        None, description="a finished run of the same shape; training begins with its weights"
    )
    deterministic: bool = Field(False, description="the same bits every time, at some cost in speed")

    def epochs_of(self, steps: int) -> int:
        """``epochs``, or what stands for it where an epoch has ``steps`` steps."""
        if self.epochs is not None:
            return self.epochs
        return max(EPOCHS, min(-(-LEAST_STEPS // max(steps, 1)), MOST_EPOCHS))

    @model_validator(mode="after")
    def _negatives_present(self) -> "TrainingConfig":
        if self.loss != "softmax" and not self.negatives.total:
            raise ValueError(f"training.loss {self.loss} needs negatives: raise training.negatives.uniform above 0")
        return self

    @model_validator(mode="after")
    def _fits(self) -> "TrainingConfig":
        if self.label_smoothing and self.loss not in ("softmax", "sampled_softmax"):
            raise ValueError(f"training.label_smoothing spreads a softmax's probability; training.loss is {self.loss}")
        if self.gbce_calibration != GBCE_CALIBRATION and self.loss != "gbce":
            raise ValueError(f"training.gbce_calibration is gbce's; training.loss is {self.loss}")
        if self.loss == "softmax" and (self.negatives.popularity or self.negatives.in_batch):
            raise ValueError("training.negatives: the full softmax draws none; leave out popularity and in_batch")
        if not self.negatives.correct and self.loss != "sampled_softmax":
            raise ValueError(f"training.negatives.correct is sampled_softmax's; training.loss is {self.loss}")
        if self.cycles > 1 and self.schedule != "cosine":
            raise ValueError(f"training.cycles repeats a cosine; training.schedule is {self.schedule}")
        return self
