"""What staff may do in either console, and the record of what they did."""
