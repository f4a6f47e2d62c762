"""The command `endpointwatch`: tries the way of an alert, and puts dead letters back.

It needs boto3, which only the extra `cli` installs: pip install 'endpointwatch[cli]'.
"""
