#!/usr/bin/env bash
# Run the tests in stages, each told with its time; the end says which failed.
#
#   test.sh [lint|unit|postgres|engines|lab]…   no name: all of them, the quick ones first
set -uo pipefail
cd "$(dirname "$0")/.."

# Each process that the tests start would compile all of the source anew.
unset PYTHONDONTWRITEBYTECODE
readonly PYTEST=(.venv/bin/python -m pytest -q)
failed=()

stage_lint() {
    .venv/bin/ruff check -q . && .venv/bin/ruff format -q --check . && .venv/bin/mypy --no-error-summary src bench lab
}

stage_unit() {
    "${PYTEST[@]}" -n 2 --dist worksteal -m "not engines and not lab"
}

# The control plane's tests once more, on the other database.
stage_postgres() {
    local folder url code
    folder=$(mktemp -d /tmp/mspg.XXXX)
    url=$(script/postgres-for-tests.sh start "$folder") || return 1
    MAILSTEAD_TEST_DATABASE_URL=$url "${PYTEST[@]}" -n 2 --dist worksteal tests/control
    code=$?
    script/postgres-for-tests.sh stop "$folder"
    return $code
}

# Engines are waited for more than they work: more workers than processors, the longest files first.
stage_engines() {
    local files
    marked engines
    "${PYTEST[@]}" -n 4 --dist loadfile --no-loadscope-reorder -m "engines and not lab" "${files[@]}"
}

stage_lab() {
    local files
    marked lab
    "${PYTEST[@]}" -n 4 --dist loadfile --no-loadscope-reorder --durations=25 --durations-min=3 -m lab "${files[@]}"
}

# The files in which something has this mark: each worker reads all that it is given.
marked() {
    mapfile -t files < <(grep -rl --include='test_*.py' "mark\.$1" tests)
}

stages=("$@")
[ $# -gt 0 ] || stages=(lint unit postgres engines lab)
begun=$SECONDS
for stage in "${stages[@]}"; do
    if ! declare -F "stage_$stage" >/dev/null; then
        echo "test.sh: there is no stage '$stage'; there are lint, unit, postgres, engines, lab." >&2
        exit 2
    fi
    echo "== $stage"
    started=$SECONDS
    if "stage_$stage"; then word=passed; else word=FAILED failed+=("$stage"); fi
    echo "== $stage $word in $((SECONDS - started)) s"
done
if [ ${#failed[@]} -gt 0 ]; then
    echo "Failed: ${failed[*]} (all in $((SECONDS - begun)) s)"
    exit 1
fi
echo "All passed in $((SECONDS - begun)) s."
