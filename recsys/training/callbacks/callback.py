"""What a callback of a fit may do."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recsys.training.fit import Fit


class FitCallback:
    """Steers a fit's loop; does nothing by itself. Callbacks are asked in the order in which the fit was given them."""

    def on_begin(self, fit: "Fit") -> None:
        """The fit is made; what an earlier attempt left may be taken up here."""

    def should_stop(self, fit: "Fit") -> bool:
        """Whether no further epoch is wanted; asked before each."""
        return False

    def on_epoch(self, fit: "Fit", metrics: dict[str, float]) -> None:
        """An epoch has ended; ``metrics`` hold its ``loss``, and take what is found here."""

    def on_end(self, fit: "Fit") -> None:
        """No epoch follows."""
