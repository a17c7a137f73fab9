"""What a template for own programme data is made of: its columns, and what each of them counts."""

from dataclasses import dataclass

PLACE_COLUMNS = ("service", "area_id", "period")
GROUP_COLUMNS = ("sex", "age_group")


@dataclass(frozen=True)
class Column:
    """A column of counts that a service fills in."""

    name: str
    measure_id: str
    unit: str
    meaning: str
    example: str
    drug: str = "all"
    part_of: str = ""
    """Column whose count this one cannot exceed."""

    limit: str = ""
    """lower or upper, where the column is a limit of the measure and not its value."""


@dataclass(frozen=True)
class Template:
    """What one kind of service reports."""

    id: str
    title: str
    columns: tuple[Column, ...]
    grouped: bool = True
    """Whether rows may be for one sex or age group."""

    yearly: bool = False
    """Whether only whole years make sense."""

    @property
    def header(self) -> tuple[str, ...]:
        """Name all columns, in order."""
        return (*PLACE_COLUMNS, *(GROUP_COLUMNS if self.grouped else ()), *(column.name for column in self.columns))
