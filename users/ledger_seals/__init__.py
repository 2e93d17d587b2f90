"""Seals over the ledger's journal, kept where the ledger cannot reach them."""
