"""What registries and package indexes say now: asked with `--online` alone, and imported only then.

`session.Online` is the door. It answers with nothing where the network does not, says so once, and the run
goes on with the shipped facts. The standard library's HTTP does: it follows the system's proxies, and a
library of another's would be a dependency of every installation for an option of few.
"""
