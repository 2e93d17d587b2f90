"""The transactions service: it decides, keeps the books and announces the outcome."""
