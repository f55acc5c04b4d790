"""What the transformers give that make arrays no table can hold."""

from typing import Self


class ImageOutput:
    """Let `Pipeline.set_output` pass, and refuse tables by name.

    scikit-learn turns the output of a transformer into a table if it is asked to
    (`set_output`, ``set_config(transform_output="pandas")``), and waveforms,
    spectrograms and crops are no tables: what is asked of all steps globally leaves
    them as they are.
    """

    def set_output(self, *, transform: str | None = None) -> Self:
        """Check that nothing but an array is asked for.

        Parameters
        ----------
        transform : {"default", None}, default=None
            Form of what `transform` returns.

        Returns
        -------
        ImageOutput
            Itself.

        Raises
        ------
        ValueError
            If a table is asked for.
        """
        if transform not in {None, "default"}:
            raise ValueError(
                f"transform={transform!r} asks for a table, and {type(self).__name__} "
                "gives arrays of three and more dimensions, or waveforms: leave it at "
                "transform='default', or set it for the detector alone"
            )
        return self
