"""An evaluation in a batch equals the evaluation of one customer after another, in every part."""

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from journey.batch import evaluate_batch
from journey.batch.output import write_decisions
from journey.core.errors import InputError
from journey.evaluation.evaluate import evaluate
from journey.orchestrator import Orchestrator
from journey.orchestrator.case_reader import CaseReader
from journey.orchestrator.decision import Components
from journey.records.folder import Records, bundled_folder, read_folder
from tests.journey.batch.test_decisions import recorded
from tests.journey.recorded_customers import companies, judgements, policies

# Every example reads a company into a database, which is most of the time; shrinking would read hundreds.
FEW = settings(max_examples=8, phases=(Phase.explicit, Phase.reuse, Phase.generate))
MANY = settings(FEW, max_examples=150, suppress_health_check=[HealthCheck.too_slow])

NAMED = ("customer_id", "stage", "days_in_stage", "severity", "confidence", "churn_probability", "priority",
         "expected_loss", "recommended_action", "requires_human_approval", "reason", "held_back_action")  # fmt: skip
UNNAMED = {"reasons", "components", "triggered_by_signals"}


def rows_of(table):
    return pa.table(table).to_pylist()


def as_row(decision):
    shown = decision.as_dict()
    parts = shown["components"]
    listed = list(decision.triggered_by_signals)
    return {name: shown[name] for name in NAMED} | parts | {"triggered_by_signals": listed}


def hold_the_columns_to_single_decisions(company, policy, as_of):
    """Every field but the sentences, and every number that a sentence is made from."""
    records = recorded(company)
    orchestrator = Orchestrator(policy)
    rows = rows_of(evaluate_batch(records, as_of, policy))
    alone = [as_row(orchestrator.evaluate_customer(*case, as_of=as_of)) for case in CaseReader(records).read_all()]
    assert set(Components._fields) <= set(alone[0])
    assert rows == [{name: one[name] for name in rows[0]} for one in alone]
    assert set(rows[0]) == set(alone[0])


def hold_the_evaluation_to_the_single_path(company, policy, as_of):
    records = recorded(company)
    one_by_one, at_once = (
        evaluate(records, as_of=as_of, policy=policy, replay=True, batch=batch) for batch in (False, True)
    )
    assert at_once.table is not None
    assert at_once.to_dict() == one_by_one.to_dict()
    assert at_once.decisions.count_totals() == one_by_one.decisions.count_totals()
    assert at_once.findings.by_code() == one_by_one.findings.by_code()
    assert at_once.findings.severities() == one_by_one.findings.severities()
    for most in (0, 1, 3, 1_000):
        assert at_once.decisions.top_priority(most) == one_by_one.decisions.top_priority(most)
        assert tuple(at_once.findings[:most]) == tuple(one_by_one.findings[:most])


@pytest.mark.slow
@FEW
@given(companies(), policies, judgements)
def test_every_column_of_a_batch_is_what_is_decided_alone(company, policy, as_of):
    hold_the_columns_to_single_decisions(company, policy, as_of)


@pytest.mark.slow
@MANY
@given(companies(), policies, judgements)
def test_every_column_of_a_batch_is_what_is_decided_alone_for_many_companies(company, policy, as_of):
    hold_the_columns_to_single_decisions(company, policy, as_of)


@pytest.mark.slow
@MANY
@given(companies(max_customers=8), policies, judgements)
def test_an_evaluation_at_once_says_what_one_after_another_says_of_many_companies(company, policy, as_of):
    hold_the_evaluation_to_the_single_path(company, policy, as_of)


@pytest.fixture(scope="module")
def bundled():
    return read_folder(bundled_folder())


@pytest.mark.compiled
def test_the_bundled_company_is_evaluated_alike(bundled):
    assert evaluate(bundled, replay=True, batch=True).to_dict() == evaluate(bundled, replay=True, batch=False).to_dict()


@pytest.mark.compiled
def test_a_customer_with_thousands_of_unsorted_signals_is_sorted_correctly():
    # Far more signals than the largest gap of the sort that is used here, with ties in every column.
    count = 3_000
    random_numbers = np.random.default_rng(4).integers(0, 1_000_000, count)
    rows = [
        {
            "signal_id": f"S{n:04}",
            "customer_id": "A",
            "signal_type": ("usage_drop", "renewal_intent")[n % 2],
            "signal_strength": (n % 7) / 7,
            "detected_at": f"2030-01-{1 + random_numbers[n] % 20:02}",
            "source": "automated",
        }
        for n in range(count)
    ]
    records = Records.from_tables({"customers": [{"customer_id": "A"}], "signals": rows})
    (case,) = CaseReader(records).read_all()
    alone = Orchestrator().evaluate_customer(*case, as_of="2030-01-31")
    (row,) = rows_of(evaluate_batch(records, "2030-01-31"))
    assert row == {name: as_row(alone)[name] for name in row}


@pytest.mark.medium
def test_small_record_sets_single_customers_and_governance_do_not_use_the_batch(bundled):
    key = bundled.customer_ids()[0]
    assert evaluate(bundled).table is None
    assert evaluate(bundled, customer_id=key, batch=True).table is None
    assert evaluate(bundled, governance=(), batch=True).table is None


@pytest.mark.compiled
def test_the_breakdown_counts_every_decision_once(bundled):
    table = evaluate_batch(bundled)
    shares = table.breakdown()
    assert sum(share.customers for share in shares) == len(table)
    rows = [(row["stage"], row["recommended_action"]) for row in rows_of(table)]
    for stage, action in set(rows):
        found = sum(share.customers for share in shares if (share.stage, share.action) == (stage, action))
        assert found == rows.count((stage, action))
    assert sum(share.priority for share in shares) == pytest.approx(sum(row["priority"] for row in rows_of(table)))
    assert sum(share.needing_approval for share in shares) == table.count_totals().needing_approval


@pytest.mark.compiled
@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_decisions_are_written_atomically_with_all_numbers(bundled, tmp_path, ending):
    table = evaluate_batch(bundled)
    file = tmp_path / "new" / f"decisions.{ending}"
    write_decisions(table, file)
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    read = pq.read_table(file) if ending == "parquet" else pc.read_csv(file)
    assert read.column_names == list(rows_of(table)[0])
    assert read.column("customer_id").to_pylist() == list(bundled.customer_ids())
    assert read.column("severity").to_pylist() == table.columns.severity.tolist()
    if ending == "parquet":
        assert read.to_pylist() == rows_of(table)


@pytest.mark.compiled
def test_decisions_are_not_written_to_unsupported_formats_or_folders(bundled, tmp_path):
    table = evaluate_batch(bundled)
    with pytest.raises(InputError, match=r"\.parquet or \.csv"):
        write_decisions(table, tmp_path / "decisions.xlsx")
    (tmp_path / "taken.csv").mkdir()
    with pytest.raises(InputError, match="is a folder; name a file in it"):
        write_decisions(table, tmp_path / "taken.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["taken.csv"]
