"""The tests of the suite itself; a package, so that helpers are imported as ``tests.…`` from everywhere."""
