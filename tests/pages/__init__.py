"""What the pages say and do, asked through Django's test client and over HTTP."""
