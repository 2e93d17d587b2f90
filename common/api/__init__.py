"""What every HTTP answer of both services has in common."""
