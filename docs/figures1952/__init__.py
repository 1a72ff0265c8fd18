"""The figures of Hodgkin and Huxley's fifth paper of 1952, drawn and compared with what it says."""
