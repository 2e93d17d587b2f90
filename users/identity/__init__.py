"""People: how they sign up and in, and the tokens that speak for them."""
