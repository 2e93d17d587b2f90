"""The books: accounts, double entry, the journal, and the rules that keep them right."""
