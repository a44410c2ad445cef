"""What all tests share: the fixtures of the lab. They cost nothing where they are not used."""

pytest_plugins = ["tests.support.plugin", "tests.mailplane.engines.harness"]
