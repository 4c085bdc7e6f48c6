"""An auditor's proof that nothing leaves this machine."""
