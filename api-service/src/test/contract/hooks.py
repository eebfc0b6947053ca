"""What schemathesis cannot know of the API: which records there are, and whose they are."""

import json
import os
import random

import schemathesis
from schemathesis.generation import GenerationMode

RECORDS = json.loads(os.environ["BELLHOP_RECORDS"])
CANARY = os.environ["BELLHOP_CANARY"]
CHOICE = random.Random(int(os.environ.get("BELLHOP_SEED", "1")))


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    """Two times in three an id is that of a record: of the caller's organisation or of the other one."""
    if not path_parameters or "id" not in path_parameters:
        return path_parameters
    kind = context.operation.path.split("/")[3]
    whose = CHOICE.choice(["own", "foreign", None])
    known = RECORDS.get(whose, {}).get(kind) if whose else None
    return {**path_parameters, "id": CHOICE.choice(known)} if known else path_parameters


# Refusals of requests that are in order by themselves and do not go with what was before: a cursor, a version or a key of
# nobody's, a password that is not the caller's, a time that has passed.
IN_ORDER = {
    400: lambda problem: problem["type"] == "/problems/invalid_cursor",
    409: lambda problem: True,
    412: lambda problem: True,
    422: lambda problem: problem["type"] == "/problems/idempotency-key-reused"
    or all(error["code"] in ("wrong", "past", "not_a_manager") for error in problem.get("errors", [{"code": ""}])),
}


@schemathesis.check
def valid_is_accepted(context, response, case):
    """What the contract calls valid is done, or is refused for a reason that no schema can hold."""
    if case.meta is None or case.meta.generation.mode is not GenerationMode.POSITIVE:
        return
    status = response.status_code
    if status < 400 or status in (401, 403, 404, 429):
        return
    excused = IN_ORDER.get(status)
    if excused is None or not excused(json.loads(response.text)):
        raise AssertionError(f"valid by the contract, and refused with {status}: {response.text}")


@schemathesis.check
def no_foreign_data(context, response, case):
    """Nothing of the other organisation is in an answer, and a foreign id is answered as one that is not there."""
    if CANARY in response.text:
        raise AssertionError("an answer holds data of another organisation")
    foreign = [record for records in RECORDS["foreign"].values() for record in records]
    if (case.path_parameters or {}).get("id") in foreign and response.status_code < 300:
        # Anybody may apply at any property.
        if not case.operation.path.endswith("/applications"):
            raise AssertionError("a foreign record was answered with success")
