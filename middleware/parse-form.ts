import express from 'express'
import { parseInTime } from './parse-in-time.ts'

/** Forms as browsers send them, beside JSON, for old clients. */
export const parseForm = parseInTime(express.urlencoded({ extended: false, limit: '100kb' }))
