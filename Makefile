# Two commands do everything: `make up` and `make test`. UP_ARGS goes to `mailstead up`.
UP_ARGS ?=
TEST_ARGS ?=
BENCH_ARGS ?=
MAILSTEAD = .venv/bin/mailstead

.PHONY: up down status test lint bench reference

up:
	@script/bootstrap.sh host
	@$(MAILSTEAD) up $(UP_ARGS)

down:
	@script/bootstrap.sh venv
	@$(MAILSTEAD) down

status:
	@script/bootstrap.sh venv
	@$(MAILSTEAD) status

test:
	@script/bootstrap.sh test
	@script/test.sh $(TEST_ARGS)

lint:
	@script/bootstrap.sh dev
	@script/test.sh lint

bench:
	@script/bootstrap.sh test
	@.venv/bin/python -m bench --record $(BENCH_ARGS)

# The pages that are made from the source.
reference:
	@script/bootstrap.sh dev
	@.venv/bin/python script/make_house.py
	@.venv/bin/python script/make_reference.py
	@.venv/bin/python script/make_messages.py
