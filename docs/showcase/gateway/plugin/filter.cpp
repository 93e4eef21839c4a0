int filter() { return 0; }
