"""Methods without a memory, for comparison: references that learn nothing, systems that are fitted, trained networks.

Plain tensors or arrays in and out; a module for each, and modules that several share.
"""
