"""What became of every row of an imported file, in figures that add up to the file."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """One file's rows by what they are, and the money of the rows that were imported."""

    rows: int
    sale_lines: int
    return_lines: int
    other_lines: int
    quarantined: int
    sale_minor: int
    return_minor: int
    other_minor: int
    signed_minor: int
    currency: str
    documents: int
    documents_added: int
    first_day: date
    last_day: date
    seconds: float
    quarantine_reasons: tuple[tuple[str, int], ...] = ()

    def __post_init__(self) -> None:
        counted = self.sale_lines + self.return_lines + self.other_lines + self.quarantined
        assert counted == self.rows
        assert self.sale_minor + self.return_minor + self.other_minor == self.signed_minor
        assert sum(count for _, count in self.quarantine_reasons) == self.quarantined

    def as_json(self) -> dict[str, int | float]:
        return {
            "rows": self.rows,
            "sale_lines": self.sale_lines,
            "return_lines": self.return_lines,
            "other_lines": self.other_lines,
            "quarantined": self.quarantined,
            "signed_minor": self.signed_minor,
            "seconds": round(self.seconds, 3),
        }

    def as_text(self) -> str:
        """Return the figures as a table for people."""
        table = [
            ("", "rows", f"{self.currency}"),
            ("sale lines", f"{self.sale_lines:,}", _amount(self.sale_minor)),
            ("return lines", f"{self.return_lines:,}", _amount(self.return_minor)),
            ("fee, freight and adjustment", f"{self.other_lines:,}", _amount(self.other_minor)),
            ("quarantined", f"{self.quarantined:,}", ""),
            *((f"  {reason}", f"{count:,}", "") for reason, count in self.quarantine_reasons),
            ("the file", f"{self.rows:,}", _amount(self.signed_minor)),
        ]
        label_chars = max(len(label) for label, _, _ in table)
        lines = [f"{label:<{label_chars}} {rows:>12} {money:>16}" for label, rows, money in table]
        return "\n".join([*lines, self._summary()])

    def _summary(self) -> str:
        news = (
            f"{self.documents_added:,} of them new" if self.documents_added else "none of them new"
        )
        return (
            f"{self.documents:,} documents from {self.first_day} to {self.last_day}, {news}; "
            f"{self.seconds:.1f} s"
        )


def _amount(amount_minor: int) -> str:
    major, minor = divmod(abs(amount_minor), 100)
    return f"{'-' if amount_minor < 0 else ''}{major:,}.{minor:02d}"
