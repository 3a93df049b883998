import express from 'express'

/** Forms as browsers send them, beside JSON, for old clients. */
export const parseForm = express.urlencoded({ extended: false, limit: '100kb' })
