"""Small studies of their own: neither runs nor records of the study, and no part of it imports them."""
