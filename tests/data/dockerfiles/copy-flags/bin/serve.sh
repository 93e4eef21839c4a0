#!/bin/sh
ls -R /srv
