"""Identifiers of records are trimmed when they are read, in every format and wherever they occur."""

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from journey.checks import check
from journey.core.identifiers import normalise_identifier
from journey.records.folder import Records, read_folder
from journey.records.model import Customer, Signal
from tests.journey.companies import CUSTOMER, ENTRY, INTERVENTION, SIGNAL, company, write_company
from tests.journey.marketing.companies import find_codes, rows
from tests.levels import examples

INVISIBLE_ENDS = ("\u00a0", "\u200b", "\ufeff", "\u3164", "\ufe0f", "\u2028")


def _values(records, sql):
    return records.connection.execute(sql).fetchall()


@pytest.mark.parametrize("end", INVISIBLE_ENDS)
@pytest.mark.parametrize("ending", ["json", "jsonl", "csv", "parquet"])
def test_an_invisible_end_is_no_part_of_an_id_in_any_format(tmp_path, ending, end):
    log = [{**ENTRY, "customer_id": f"{end}K1{end}"}]
    if ending == "parquet":
        write_company(tmp_path)
        pq.write_table(pa.Table.from_pylist(log), tmp_path / "journey_state_log.parquet")
    elif ending == "csv":
        write_company(tmp_path, journey_state_log__csv=pd.DataFrame(log).to_csv(index=False))
    else:
        write_company(tmp_path, **{f"journey_state_log__{ending}": log if ending == "json" else _lines(log)})
    records = read_folder(tmp_path)
    assert _values(records, "SELECT customer_id FROM journey_state_log") == [("K1",)]
    assert not {"unknown-customer", "no-stage"} & {finding.code for finding in check(records).findings}


def _lines(log):
    return "".join(f"{pd.Series(row).to_json()}\n" for row in log)


@pytest.mark.parametrize("cited", [["S1\u200b"], ["\u00a0S1", "", "\u3164"], "S1\u00a0", '["S1\\ufeff"]'])
def test_ids_in_a_list_are_trimmed_and_blank_ones_are_dropped(cited):
    records = company(interventions=[{**INTERVENTION, "triggered_by_signals": cited}])
    assert _values(records, "SELECT triggered_by_signals FROM interventions") == [(["S1"],)]


def test_ids_in_a_list_of_a_frame_are_trimmed():
    frame = pa.Table.from_pylist([{**INTERVENTION, "triggered_by_signals": ["S1\u200b", None, " "]}])
    records = company(interventions=frame)
    assert _values(records, "SELECT triggered_by_signals FROM interventions") == [(["S1"],)]


def test_an_id_without_a_visible_character_is_missing():
    records = company(signals=[SIGNAL, {**SIGNAL, "signal_id": "S2", "customer_id": "\u200b\u3164"}])
    (row,) = records.set_aside
    assert (row.code, row.reason) == ("missing-value", "customer_id is missing")


def test_channels_of_a_path_are_trimmed():
    tables = rows()
    channel = tables["channels"][0]["channel_id"]
    tables["conversion_paths"] = [{"path": f"{channel}\u00a0>\u200b{channel}", "conversions": 1, "value": 1}]
    assert "path-of-unknown-channel" not in find_codes(tables)


SPELLINGS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=4).filter(normalise_identifier)


@pytest.mark.slow
@settings(max_examples=examples(20, otherwise=5), deadline=None)
@given(st.lists(SPELLINGS, min_size=10, max_size=40, unique_by=normalise_identifier))
def test_an_id_is_read_as_it_would_be_written(spellings):
    records = Records.from_tables({"customers": [{**CUSTOMER, "customer_id": spelling} for spelling in spellings]})
    assert set(records.customer_ids()) == {normalise_identifier(spelling) for spelling in spellings}


@pytest.mark.parametrize("end", [" ", "\u00a0", "\u200b", "\ufeff"])
def test_a_single_record_is_normalised_as_in_a_file(end: str) -> None:
    signal = Signal.model_validate({**SIGNAL, "customer_id": end + "K1" + end, "source": end})
    assert (signal.customer_id, signal.source) == ("K1", None)
    assert signal == company(signals=[{**SIGNAL, "customer_id": "K1" + end, "source": end}]).objects("signals")[0]
    with pytest.raises(ValidationError, match="customer_id"):
        Signal.model_validate({**SIGNAL, "customer_id": end})
    assert Customer.model_validate({"customer_id": "K1", "segment": end}).segment == "unknown"
