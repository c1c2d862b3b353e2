"""What every part of the marketing side needs: findings, lifecycles, the campaign policy."""
