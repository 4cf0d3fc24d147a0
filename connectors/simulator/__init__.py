"""An ordinary shop's databases, simulated: history, then life, written through SQL.

The product reads them as it reads any other source; nothing outside tests, the demo and the load
fixture imports this package.
"""
