"""What every part of the program needs: errors, findings, messages. It imports nothing of ours."""
