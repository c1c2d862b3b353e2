"""SQL for the rows of a source, typed and validated by column."""

from collections.abc import Iterator, Sequence

from journey.records.casting import Cast, NoteKind
from journey.records.columns import get_key
from journey.records.database import quoted
from journey.records.raw_rows import RawSet


def build_checked_rows_sql(raw: RawSet, casts: Sequence[Cast]) -> str:
    """SQL: the rows, typed and validated, as a sequence of common table expressions; the last one is `judged`."""
    found = ", ".join(f"{field.found_sql} AS {field.found}" for field in casts)
    given = ", ".join(f"{field.raw_sql} AS {field.raw}" for field in casts)
    read = ", ".join(f"{field.typed_sql} AS {field.typed}" for field in casts)
    fits = " AND ".join(["__problem IS NULL", *(field.fits for field in casts)])
    return f"""
        WITH found AS (
            SELECT *, {raw.row_number} AS __place, {raw.problem}::VARCHAR AS __problem, {found} FROM {raw.relation}
        ),
        given AS (SELECT *, {given} FROM found),
        read AS (SELECT *, {read} FROM given),
        judged AS (SELECT *, coalesce({fits}, FALSE) AS __fits FROM read)
    """


def build_typed_rows_sql(raw: RawSet, casts: Sequence[Cast], counted_at: str | None = None) -> str:
    """SQL: the fields, ``row_number``, ``gaps``, whether the row ``fits``, and what is ``noted`` about it.

    ``noted`` has one bit for each of `list_notes`.

    Args:
        raw: The rows.
        casts: How each field is read.
        counted_at: Date field for the column ``local_day``; see `journey.records.model.Record`.
    """
    fields = ", ".join(f"{field.value_or_default()} AS {quoted(field.column.name)}" for field in casts)
    gaps = " + ".join(field.default_used for field in casts)
    bits = [f"CASE WHEN {condition} THEN {mask} ELSE 0 END" for mask, _, _, condition in list_notes(casts)]
    return f"""
        {build_checked_rows_sql(raw, casts)}
        SELECT {fields}, __place AS row_number, {gaps} AS gaps, {_local_day(casts, counted_at)} __fits AS fits,
            ({" + ".join(bits) or "0"})::BIGINT AS noted
        FROM judged
    """


def _local_day(casts: Sequence[Cast], counted_at: str | None) -> str:
    """The column ``local_day`` with a comma; empty without `counted_at`. A text with a zone begins with its own day."""
    if counted_at is None:
        return ""
    (cast,) = (each for each in casts if each.column.name == counted_at)
    day = f"CASE WHEN {cast.zone_sql} THEN try_cast({cast.raw}[1:10] AS DATE) END" if cast.zone_sql else "NULL::DATE"
    return f"{day} AS local_day,"


def build_subject_sql(dataset: str, casts: Sequence[Cast]) -> str:
    """SQL over `judged` for two columns of a finding: the label of the record, and its customer."""
    typed = {field.column.name: field.typed for field in casts}
    customer, key = typed.get("customer_id", "NULL"), get_key(dataset)
    return f"coalesce({typed[key] if key else customer}, 'row ' || __place), {customer}"


def list_notes(casts: Sequence[Cast]) -> Iterator[tuple[int, Cast, NoteKind, str]]:
    """What may be reported about a row that is used: its bit in ``noted``, the field, the kind and SQL condition."""
    mask = 1
    for field in casts:
        for kind, condition in field.notes().items():
            yield mask, field, kind, condition
            mask <<= 1
