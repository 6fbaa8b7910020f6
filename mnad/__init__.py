"""MNAD (Park et al., CVPR 2020, arXiv 2003.13228): memory, losses, backbone and score on plain tensors."""
