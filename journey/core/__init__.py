"""What every part of the program needs: errors, findings, messages, the money ledger. It imports nothing of ours."""
