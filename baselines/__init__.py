"""What stands beside the methods with memory: references that learn nothing, systems that are fitted, trained networks.

Plain tensors or arrays in and out; a module for each, and modules that several share.
"""
