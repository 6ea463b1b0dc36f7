"""The rules of a support desk: what a ticket is, who may do what to it, and who must hear of it.

Standard library only, and no input or output: a verb is a plain function over a `Transaction`.
"""
