"""How the consoles write dates; the setting `FORMAT_MODULE_PATH` points here."""
