"""What a network memorises (Arpit et al. 2017), on generated patches."""
