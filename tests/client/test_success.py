"""What a call brings when the controller did what it was asked."""

import pytest

from permits.controller import OutcomeUnknown, Totals, ZoneTotal
from tests.client.conftest import call, make_controller, request
from tests.endings import OPERATIONS, Scene, literally, success
from tests.raw_server import REFERENCE, SUCCESS, answer, http


@pytest.mark.parametrize("operation", OPERATIONS)
class TestAcknowledgements:
    def test_it_brings_the_reference_id(self, scene: Scene, operation: str) -> None:
        done = make_controller(scene.url).apply(request(operation, scene.reference))
        (asked,) = scene.sandbox.requests(operation)[-1:]
        assert done.reference_id == done.internal_reference_id == asked["reference"]

    def test_it_keeps_the_answer_as_it_came(self, scene: Scene, operation: str) -> None:
        done = make_controller(scene.url).apply(request(operation, scene.reference))
        (asked,) = scene.sandbox.requests(operation)[-1:]
        assert done.answer.status == 200
        assert done.answer.text == asked["answer"]
        assert done.answer.length == len(asked["answer"])

    @pytest.mark.parametrize("status", [200, 201, 202])
    def test_any_status_of_success_will_do(self, scene: Scene, operation: str, status: int) -> None:
        success(status)(scene)
        done = make_controller(scene.url).apply(request(operation, scene.reference))
        assert (done.reference_id, done.answer.status) == (scene.reference, status)

    @pytest.mark.parametrize("internal", [None, "", 12.5, ["a"], "<b>", "a" * 51, "a b"])
    def test_an_internal_reference_that_is_none_is_passed_over(
        self, scene: Scene, operation: str, internal: object
    ) -> None:
        success(InternalReferenceID=internal)(scene)
        done = make_controller(scene.url).apply(request(operation, scene.reference))
        assert (done.reference_id, done.internal_reference_id) == (scene.reference, "")

    def test_more_than_was_agreed_does_no_harm(self, scene: Scene, operation: str) -> None:
        success(note=[{"a": None}], Errors=[])(scene)
        done = make_controller(scene.url).apply(request(operation, scene.reference))
        assert done.reference_id == scene.reference

    def test_an_answer_without_a_length_is_read_to_its_end(
        self, scene: Scene, operation: str
    ) -> None:
        scene.listen(answer(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", SUCCESS))
        done = make_controller(scene.url).apply(request(operation))
        assert done.reference_id == REFERENCE

    def test_an_answer_in_chunks_is_put_together(self, scene: Scene, operation: str) -> None:
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        chunks = [b"1\r\n%c\r\n" % byte for byte in SUCCESS]
        scene.listen(answer(head, *chunks, b"0\r\n\r\n"))
        done = make_controller(scene.url).apply(request(operation))
        assert done.reference_id == REFERENCE

    def test_a_100_before_the_answer_is_passed_over(self, scene: Scene, operation: str) -> None:
        scene.listen(answer(b"HTTP/1.1 100 Continue\r\n\r\n" * 3, http()))
        done = make_controller(scene.url).apply(request(operation))
        assert done.reference_id == REFERENCE

    def test_a_slow_answer_within_the_timeouts_counts(self, scene: Scene, operation: str) -> None:
        scene.sandbox.fault("slow", delay=0.3)
        done = make_controller(scene.url).apply(request(operation, scene.reference))
        assert done.reference_id


class TestCounts:
    def test_it_brings_the_totals_of_each_zone_and_type(self, scene: Scene) -> None:
        body = {"data": [{"type": "standard", "zone": "Lot 4", "total": "4"},
                         {"type": "temp", "zone": "Lot 4", "total": 35},
                         {"type": "", "zone": "", "total": "0"}]}  # fmt: skip
        literally(body)(scene)
        totals = call(make_controller(scene.url), "stats")
        assert isinstance(totals, Totals)
        assert totals.totals == (
            ZoneTotal("Lot 4", "standard", 4), ZoneTotal("Lot 4", "temp", 35), ZoneTotal("", "", 0),
        )  # fmt: skip

    def test_no_zone_at_all_is_an_answer_too(self, scene: Scene) -> None:
        literally({"data": []})(scene)
        totals = call(make_controller(scene.url), "stats")
        assert isinstance(totals, Totals)
        assert totals.totals == ()

    @pytest.mark.parametrize(
        "data",
        [
            *(None, "4", 4, {}, {"zone": "Lot 4"}, [None], ["Lot 4"], [[]]),
            [{"type": "temp", "zone": "Lot 4"}],
            [{"type": "temp", "total": "4"}],
            [{"zone": "Lot 4", "total": "4"}],
            [{"type": "temp", "zone": 4, "total": "4"}],
            *(
                [{"type": "temp", "zone": "Lot 4", "total": total}]
                for total in ("", "x", "-1", "1.5", "\u0661", 1.0, True, None, "9" * 10, [4])
            ),
        ],
        ids=repr,
    )
    def test_counts_that_cannot_be_read_are_none(self, scene: Scene, data: object) -> None:
        good = {"type": "temp", "zone": "Lot 1", "total": "1"}
        literally({"data": [good, *data] if isinstance(data, list) else data})(scene)
        with pytest.raises(OutcomeUnknown, match="counts cannot be read"):
            call(make_controller(scene.url), "stats")

    def test_an_answer_that_also_names_an_error_is_not_believed(self, scene: Scene) -> None:
        literally({"data": [], "ErrorCode": 9001})(scene)
        with pytest.raises(OutcomeUnknown, match="contradicts itself"):
            call(make_controller(scene.url), "stats")
