"""MemAE (Gong et al., ICCV 2019, arXiv 1904.02639): memory, entropy loss, backbone and score on plain tensors."""
