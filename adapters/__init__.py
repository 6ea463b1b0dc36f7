"""The networks, each behind one port: `port.py` is the contract, `ui.py` the cards and forms they all can show."""
