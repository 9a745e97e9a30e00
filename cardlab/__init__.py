"""What a student's notebook imports: loaders and lab tools."""
