"""SQL that reads a text as a value of a field: the text is trimmed, then converted to the kind of the field.

A text that does not fit becomes null. `build_trimmed_sql` also returns null for a missing value.
"""

from journey.core.date_text import COMPACT_DATE_PATTERN, LOCAL_TIME_PATTERN, ZONE_REPAIRS, ZONED_TIME_PATTERN
from journey.records.columns import Column
from journey.records.database import literal, trim_sql
from journey.records.number_style import NumberStyle, build_number_text_sql
from journey.records.text_forms import MISSING_WORDS, TextForm

_MISSING_WORDS_SQL = ", ".join(literal(word) for word in MISSING_WORDS)
_LONGEST_MISSING_WORD = max(map(len, MISSING_WORDS))

# The range of Python's dates; the database's range is larger.
_FIRST_MOMENT = "TIMESTAMP '0001-01-01 00:00:00'"
_LAST_MOMENT = "TIMESTAMP '9999-12-31 23:59:59.999999'"


def build_trimmed_sql(text: str) -> str:
    """SQL for a text without white space and invisible characters at its ends; null if nothing remains."""
    return f"CASE WHEN {_may_need_trimming(text)} THEN nullif({trim_sql(text)}, '') ELSE {text} END"


def _may_need_trimming(text: str) -> str:
    """SQL: whether a text may have white space or invisible characters at its ends, or may be empty.

    Trimming is slow, and few values need it. `reverse` works on grapheme clusters: a blank at the end may be part of a
    cluster, a control character never is. Texts that are not ASCII are always trimmed.
    """
    ends = f"{text} < '!' OR {text} >= chr(127) OR reverse({text}) < '!' OR suffix({text}, ' ')"
    return f"{ends} OR suffix({text}, chr(127)) OR strlen({text}) <> length({text})"


def build_trimmed_list_sql(texts: str) -> str:
    """SQL for a list whose texts are trimmed; texts that are blank or null are dropped."""
    trimmed = build_trimmed_sql("entry")
    return f"list_filter(list_transform({texts}, lambda entry: {trimmed}), lambda entry: entry IS NOT NULL)"


def build_value_sql(
    column: Column, raw: str, form: TextForm = "any", style: NumberStyle = "plain", is_number: str | None = None
) -> str:
    """SQL for a text in the field's type; null if it does not fit.

    Args:
        column: The field.
        raw: SQL for the trimmed text; null if it is missing.
        form: The form of all texts of the column.
        style: How the numbers of the column are written.
        is_number: SQL for whether the source gives the value as a number and not as text; None if never.
    """
    number = build_number_text_sql(raw, style, is_number)
    if column.kind == "number":
        return build_finite_sql(f"try_cast({number} AS DOUBLE)")
    if column.kind == "whole":
        return build_whole_number_sql(number)
    if column.kind == "flag":
        words = "WHEN 'yes' THEN 'true' WHEN 'no' THEN 'false' WHEN '1.0' THEN 'true' WHEN '0.0' THEN 'false'"
        return f"try_cast(CASE lower({raw}) {words} ELSE {raw} END AS BOOLEAN)"
    if column.kind == "date":
        return build_within_calendar_sql(_bare_date(raw) if form == "bare-date" else _date(raw))
    if column.kind == "texts":
        return _texts(raw)
    if column.kind == "mapping":
        # The patch removes fields without a value: a file with types has every field in every row.
        fields = f"json_merge_patch('{{}}', {raw})"
        return f"CASE WHEN json_valid({raw}) AND json_type({raw}) = 'OBJECT' THEN {fields}::JSON END"
    text = _known_choice(column, raw)
    # A list or an object is no text in any format. Test the first character before the costly JSON functions.
    begins = f"(({raw} >= '[' AND {raw} < chr(92)) OR ({raw} >= '{{' AND {raw} < '|'))"
    nested = f"{begins} AND json_valid({raw})"
    return text if form == "ordinary" else f"CASE WHEN {nested} THEN NULL ELSE {text} END"


def build_missing_word_sql(raw: str) -> str:
    """SQL: whether a trimmed text is a word for "missing"."""
    return f"(strlen({raw}) <= {_LONGEST_MISSING_WORD} AND {raw} IN ({_MISSING_WORDS_SQL}))"


def _known_choice(column: Column, raw: str) -> str:
    if not column.choices:
        return raw
    choices = ", ".join(literal(choice) for choice in column.choices)
    return f"CASE WHEN lower({raw}) IN ({choices}) THEN {raw} END"


def build_finite_sql(number: str) -> str:
    """SQL for a number that is finite; otherwise null."""
    return f"CASE WHEN isfinite({number}) THEN {number} END"


def build_whole_number_sql(raw: str) -> str:
    """SQL for a whole number, which may be written 12 or 12.0; null for others, such as 12.5."""
    number = f"try_cast({raw} AS DOUBLE)"
    return f"CASE WHEN {number} = trunc({number}) THEN try_cast({number} AS BIGINT) END"


def build_utc_sql(moment: str) -> str:
    """SQL for a moment with a time zone as a timestamp in UTC."""
    return f"make_timestamp(epoch_us({moment}))"


def build_within_calendar_sql(moment: str) -> str:
    """SQL for a timestamp within the range of Python's dates; otherwise null."""
    return f"CASE WHEN {moment} BETWEEN {_FIRST_MOMENT} AND {_LAST_MOMENT} THEN {moment} END"


def _bare_date(raw: str) -> str:
    return f"try_cast({raw} AS DATE)::TIMESTAMP"


def _date(raw: str) -> str:
    """A bare date has a fast path; any other value must match a spelling of `journey.core.date_text`."""
    bare = f"length({raw}) = 10 AND {raw}[5:5] = '-' AND {raw}[8:8] = '-'"
    compact = f"length({raw}) = 8 AND regexp_full_match({raw}, {literal(COMPACT_DATE_PATTERN)})"
    iso = raw
    for pattern, replacement in ZONE_REPAIRS:
        iso = f"regexp_replace({iso}, {literal(pattern)}, {literal(replacement)})"
    return (
        f"CASE WHEN {bare} THEN {_bare_date(raw)} "
        f"WHEN {compact} THEN try_cast({raw}[1:4] || '-' || {raw}[5:6] || '-' || {raw}[7:8] AS DATE)::TIMESTAMP "
        f"WHEN regexp_full_match({raw}, {literal(LOCAL_TIME_PATTERN)}) THEN try_cast({raw} AS TIMESTAMP) "
        f"WHEN {build_zoned_sql(raw)} THEN {build_utc_sql(f'try_cast({iso} AS TIMESTAMPTZ)')} END"
    )


def build_zoned_sql(raw: str) -> str:
    """SQL: whether a trimmed text is a time with a zone."""
    return f"(length({raw}) > 16 AND regexp_full_match({raw}, {literal(ZONED_TIME_PATTERN)}))"


# An element of an array as PostgreSQL writes it: in quotation marks with backslashes, or plain.
_QUOTED_ELEMENT = r'"(?:[^"\\]|\\.)*"'
_ARRAY_ELEMENT = rf'(?:{_QUOTED_ELEMENT}|[^,{{}}"\\]+)'
_POSTGRES_ARRAY = rf"\{{(?:{_ARRAY_ELEMENT}(?:,{_ARRAY_ELEMENT})*)?\}}"


def _texts(raw: str) -> str:
    """A list of texts without its missing elements.

    It is a JSON array, a Python list written as text, an array of PostgreSQL, or texts separated by ``;``, ``|``, ``,``
    or blanks.
    """
    bare = f"trim(regexp_replace({raw}, '[\\[\\]\"'']', '', 'g'))"
    split = f"list_filter(string_split_regex({bare}, '[;|,\\s]+'), lambda part: part <> '')"
    array = f"from_json({raw}, '[\"VARCHAR\"]')"
    return (
        f"CASE WHEN json_valid({raw}) AND json_type({raw}) = 'ARRAY' THEN {build_trimmed_list_sql(array)} "
        f"WHEN {raw}[1:1] = '{{' THEN {_postgres_array(raw)} ELSE {split} END"
    )


def _postgres_array(raw: str) -> str:
    elements = f"regexp_extract_all({raw}[2:-2], {literal(_ARRAY_ELEMENT)})"
    unescaped = r"regexp_replace(part[2:-2], '\\(.)', '\1', 'g')"
    texts = f"list_transform({elements}, lambda part: CASE WHEN part[1:1] = '\"' THEN {unescaped} "
    texts += "WHEN upper(part) <> 'NULL' THEN part END)"
    is_array = f"regexp_full_match({raw}, {literal(_POSTGRES_ARRAY)})"
    return f"CASE WHEN {is_array} THEN {build_trimmed_list_sql(texts)} END"
